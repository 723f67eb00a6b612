// Package tokens makes what must not be guessed, and a few things that may be.
package tokens

import (
	crand "crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/sessions"
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

var generator = rand.New(rand.NewSource(time.Now().UnixNano()))

var store = sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY")))

// case: vulnerable
func sessionToken() string {
	out := make([]byte, 32)
	for i := range out {
		out[i] = letters[rand.Intn(len(letters))]
	}
	return string(out)
}

// case: safe (the system's generator)
func sessionTokenPage() (string, error) {
	out := make([]byte, 32)
	if _, err := crand.Read(out); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(out), nil
}

// case: vulnerable (seeded with the time, for a password)
func initialPasswordTwo() string {
	r := rand.New(rand.NewSource(time.Now().Unix()))
	password := ""
	for len(password) < 12 {
		password += string(letters[r.Intn(len(letters))])
	}
	return password
}

// case: safe (each letter by the system's generator)
func initialPassword() (string, error) {
	password := make([]byte, 12)
	for i := range password {
		at, err := crand.Int(crand.Reader, big.NewInt(int64(len(letters))))
		if err != nil {
			return "", err
		}
		password[i] = letters[at.Int64()]
	}
	return string(password), nil
}

// case: vulnerable (a code by text message)
func oneTimeCode(w http.ResponseWriter, r *http.Request) {
	code := fmt.Sprintf("%06d", rand.Intn(1000000))
	session, _ := store.Get(r, "otp")
	session.Values["code"] = code
	session.Save(r, w)
}

// case: safe (which picture is shown today is no secret)
func picture(w http.ResponseWriter, r *http.Request) {
	pictures := []string{"sea.jpg", "hills.jpg", "town.jpg"}
	http.Redirect(w, r, "/static/"+pictures[rand.Intn(len(pictures))], http.StatusFound)
}

// case: vulnerable (a key's bytes from the package's generator)
func encryptionKeyApi() []byte {
	key := make([]byte, 32)
	generator.Read(key)
	return key
}

// case: safe (a key's bytes from the system)
func encryptionKey() ([]byte, error) {
	key := make([]byte, 32)
	_, err := io.ReadFull(crand.Reader, key)
	return key, err
}

// case: safe (waiting a little longer each time, with jitter)
func backoff(attempt int) time.Duration {
	base := time.Duration(1<<attempt) * 100 * time.Millisecond
	return base + time.Duration(rand.Int63n(int64(base)))
}

// case: vulnerable (the time is no secret)
func resetToken(name string) string {
	return hex.EncodeToString([]byte(name + strconv.FormatInt(time.Now().UnixNano(), 36)))
}

// case: safe (a random UUID)
func resetTokenPage() string {
	return uuid.NewString()
}

// case: vulnerable (a number of 63 bits that can be predicted, for an invitation)
func invitation(w http.ResponseWriter, r *http.Request) {
	var token [8]byte
	binary.BigEndian.PutUint64(token[:], uint64(generator.Int63()))
	link := "https://example.org/join?token=" + hex.EncodeToString(token[:])
	w.Header().Set("X-Invitation", link)
}

// case: safe (songs are played in another order)
func playlist(songs []string) []string {
	rand.Shuffle(len(songs), func(a, b int) { songs[a], songs[b] = songs[b], songs[a] })
	return songs
}

// case: safe (one request in a hundred is traced)
func traced() bool {
	return rand.Float64() < 0.01
}
