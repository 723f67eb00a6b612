package tokens

import (
	crand "crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand"
	"net/http"
	"strconv"
	"time"
)

const letters = "abcdefghijklmnopqrstuvwxyz0123456789"

var source = rand.New(rand.NewSource(time.Now().UnixNano()))

type account struct {
	ResetCode string
}

func sessionToken() string {
	out := make([]byte, 32)
	for i := range out {
		// ruleid: go-insecure-random-token
		out[i] = letters[rand.Intn(len(letters))]
	}
	return string(out)
}

func login(w http.ResponseWriter, r *http.Request) {
	// ruleid: go-insecure-random-token
	http.SetCookie(w, &http.Cookie{Name: "visit", Value: strconv.Itoa(source.Int())})
	// ruleid: go-insecure-random-token
	code := fmt.Sprintf("%06d", rand.Intn(1000000))
	w.Header().Set("X-Code", code)
}

func newAccount() account {
	// ruleid: go-insecure-random-token
	return account{ResetCode: strconv.Itoa(rand.Int())}
}

func resetToken(name string) string {
	// ruleid: go-insecure-random-token
	return hex.EncodeToString([]byte(name + strconv.FormatInt(time.Now().UnixNano(), 10)))
}

func goodToken() (string, error) {
	out := make([]byte, 32)
	// ok: go-insecure-random-token
	if _, err := crand.Read(out); err != nil {
		return "", err
	}
	return hex.EncodeToString(out), nil
}

func goodPassword() (string, error) {
	// ok: go-insecure-random-token
	at, err := crand.Int(crand.Reader, big.NewInt(int64(len(letters))))
	if err != nil {
		return "", err
	}
	return letters[at.Int64() : at.Int64()+1], nil
}

func backoff(attempt int) time.Duration {
	// ok: go-insecure-random-token
	return time.Duration(rand.Int63n(int64(attempt)+1)) * time.Millisecond
}

func picture(pictures []string) string {
	// ok: go-insecure-random-token
	return pictures[rand.Intn(len(pictures))]
}
