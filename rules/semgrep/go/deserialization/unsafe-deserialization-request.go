package queue

import (
	"bytes"
	"crypto/hmac"
	"encoding/base64"
	"encoding/gob"
	"encoding/json"
	"io"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"gopkg.in/yaml.v3"
)

type task struct {
	Name string
}

func accept(w http.ResponseWriter, r *http.Request) {
	var one task
	// ruleid: go-unsafe-deserialization-request
	gob.NewDecoder(r.Body).Decode(&one)
	// ok: go-unsafe-deserialization-request
	json.NewDecoder(r.Body).Decode(&one)
}

func cookie(w http.ResponseWriter, r *http.Request) {
	c, err := r.Cookie("state")
	if err != nil {
		return
	}
	raw, _ := base64.StdEncoding.DecodeString(c.Value)
	var one task
	// ruleid: go-unsafe-deserialization-request
	gob.NewDecoder(bytes.NewReader(raw)).Decode(&one)
}

func anything(c *gin.Context) {
	raw, _ := io.ReadAll(c.Request.Body)
	var tree interface{}
	// ruleid: go-unsafe-deserialization-request
	yaml.Unmarshal(raw, &tree)
	var one task
	// ok: go-unsafe-deserialization-request
	yaml.Unmarshal(raw, &one)
}

func signed(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	if !hmac.Equal(sum(raw[32:]), raw[:32]) {
		http.Error(w, "no", http.StatusForbidden)
		return
	}
	var one task
	// ok: go-unsafe-deserialization-request
	gob.NewDecoder(bytes.NewReader(raw[32:])).Decode(&one)
}

func revive(raw []byte) (*task, error) {
	one := new(task)
	// ruleid: go-unsafe-deserialization-request
	return one, gob.NewDecoder(bytes.NewBuffer(raw)).Decode(one)
}

func own() (*task, error) {
	file, err := os.Open("/var/lib/queue/state")
	if err != nil {
		return nil, err
	}
	one := new(task)
	// ok: go-unsafe-deserialization-request
	return one, gob.NewDecoder(file).Decode(one)
}

func sum([]byte) []byte { return nil }
