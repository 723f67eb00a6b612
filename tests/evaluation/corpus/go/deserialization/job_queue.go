// Package queue takes jobs and saved states as bytes and brings them to life again.
package queue

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"

	"github.com/gin-gonic/gin"
	"gopkg.in/yaml.v3"
)

// Task is anything that a worker can run.
type Task interface {
	Run(ctx context.Context) error
}

// ShellTask runs a program of the maintenance team.
type ShellTask struct{ Program string }

// Run starts the program.
func (t ShellTask) Run(ctx context.Context) error { return exec.CommandContext(ctx, t.Program).Run() }

// MailTask sends a prepared mail.
type MailTask struct{ Number int }

// Run hands the mail to the spooler.
func (t MailTask) Run(ctx context.Context) error { return nil }

// Envelope carries one task of whatever type.
type Envelope struct{ Task Task }

// Session is what we remember of a visitor.
type Session struct {
	User  string
	Admin bool
}

// Settings are plain values.
type Settings struct {
	Theme string `json:"theme" yaml:"theme"`
	Rows  int    `json:"rows" yaml:"rows"`
}

func init() {
	gob.Register(ShellTask{})
	gob.Register(MailTask{})
}

var errSignature = errors.New("signature does not fit")

func signingKey() []byte { return []byte(os.Getenv("QUEUE_KEY")) }

// case: vulnerable (gob picks any registered task, the shell's too, and it is run)
func accept(w http.ResponseWriter, r *http.Request) {
	var envelope Envelope
	if err := gob.NewDecoder(r.Body).Decode(&envelope); err != nil {
		http.Error(w, "bad job", http.StatusBadRequest)
		return
	}
	envelope.Task.Run(r.Context())
}

// case: safe (JSON into a struct of plain values)
func settings(w http.ResponseWriter, r *http.Request) {
	var s Settings
	if err := json.NewDecoder(io.LimitReader(r.Body, 4096)).Decode(&s); err != nil {
		http.Error(w, "bad settings", http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(s)
}

// case: vulnerable (an unsigned cookie becomes the session with its admin flag)
func resumeTwo(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie("state")
	if err != nil {
		return
	}
	raw, err := base64.StdEncoding.DecodeString(cookie.Value)
	if err != nil {
		return
	}
	var session Session
	if err := gob.NewDecoder(bytes.NewReader(raw)).Decode(&session); err != nil {
		return
	}
	if session.Admin {
		w.Write([]byte("console"))
	}
}

// case: safe (the bytes are authenticated before they are decoded)
func resume(w http.ResponseWriter, r *http.Request) {
	raw, err := base64.StdEncoding.DecodeString(r.Header.Get("X-State"))
	if err != nil || len(raw) < sha256.Size {
		http.Error(w, "bad state", http.StatusBadRequest)
		return
	}
	mac := hmac.New(sha256.New, signingKey())
	mac.Write(raw[sha256.Size:])
	if !hmac.Equal(mac.Sum(nil), raw[:sha256.Size]) {
		http.Error(w, errSignature.Error(), http.StatusForbidden)
		return
	}
	var session Session
	if err := gob.NewDecoder(bytes.NewReader(raw[sha256.Size:])).Decode(&session); err != nil {
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// case: vulnerable (the signature is compared, but the handler goes on)
func resumeApi(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	if err != nil || len(raw) < sha256.Size {
		return
	}
	mac := hmac.New(sha256.New, signingKey())
	mac.Write(raw[sha256.Size:])
	if !hmac.Equal(mac.Sum(nil), raw[:sha256.Size]) {
		w.Header().Set("X-Warning", "signature")
	}
	var envelope Envelope
	if err := gob.NewDecoder(bytes.NewReader(raw[sha256.Size:])).Decode(&envelope); err == nil {
		envelope.Task.Run(r.Context())
	}
}

// case: safe (gob of a file that only this program writes)
func restore() (*Session, error) {
	file, err := os.Open("/var/lib/queue/session.gob")
	if err != nil {
		return nil, err
	}
	defer file.Close()
	session := new(Session)
	return session, gob.NewDecoder(file).Decode(session)
}

// case: safe (a deep copy: encoded and decoded in one place)
func clone(session *Session) (*Session, error) {
	var buffer bytes.Buffer
	if err := gob.NewEncoder(&buffer).Encode(session); err != nil {
		return nil, err
	}
	copied := new(Session)
	return copied, gob.NewDecoder(&buffer).Decode(copied)
}

// case: vulnerable (hex in a form field, gob in a helper)
func replay(c *gin.Context) {
	raw, err := hex.DecodeString(c.PostForm("job"))
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	task, err := revive(raw)
	if err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	task.Run(c.Request.Context())
}

func revive(raw []byte) (Task, error) {
	var task Task
	err := gob.NewDecoder(bytes.NewBuffer(raw)).Decode(&task)
	return task, err
}

// case: safe (YAML into plain values)
func importSettings(c *gin.Context) {
	raw, err := io.ReadAll(io.LimitReader(c.Request.Body, 4096))
	if err != nil {
		return
	}
	var s Settings
	if err := yaml.Unmarshal(raw, &s); err != nil {
		c.AbortWithStatus(http.StatusBadRequest)
		return
	}
	c.JSON(http.StatusOK, s)
}

// case: safe (only encoded, never decoded)
func export(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/octet-stream")
	gob.NewEncoder(w).Encode(Settings{Theme: r.FormValue("theme"), Rows: 20})
}

// case: safe (the constant entry is decoded, not the request's)
func presets(w http.ResponseWriter, r *http.Request) {
	entries := map[string][]byte{"request": []byte(r.FormValue("preset")), "default": []byte("\x00")}
	var s Settings
	if err := gob.NewDecoder(bytes.NewReader(entries["default"])).Decode(&s); err != nil {
		http.Error(w, "no preset", http.StatusNotFound)
	}
}
