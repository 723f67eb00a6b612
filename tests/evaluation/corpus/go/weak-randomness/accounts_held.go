// Package accounts creates accounts, vouchers and cookies.
package accounts

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	mrand "math/rand"
	randv2 "math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
)

const demo = false

type picker struct {
	source *mrand.Rand
}

func (p picker) text(size int) string {
	var out strings.Builder
	for i := 0; i < size; i++ {
		out.WriteByte(byte('a' + p.source.Intn(26)))
	}
	return out.String()
}

func secureBytes(size int) []byte {
	out := make([]byte, size)
	if _, err := rand.Read(out); err != nil {
		panic(err)
	}
	return out
}

// case: vulnerable
func createPage(c *gin.Context) {
	apiKey := fmt.Sprintf("%016x%016x", mrand.Uint64(), mrand.Uint64())
	c.JSON(http.StatusCreated, gin.H{"api_key": apiKey})
}

// case: safe (the import without another name is the system's generator)
func create(c *gin.Context) {
	raw := make([]byte, 24)
	if _, err := rand.Read(raw); err != nil {
		c.Status(http.StatusInternalServerError)
		return
	}
	c.JSON(http.StatusCreated, gin.H{"api_key": hex.EncodeToString(raw)})
}

// case: vulnerable (version 2 with a seed of the clock)
func voucher(c *gin.Context) {
	source := randv2.New(randv2.NewPCG(uint64(time.Now().UnixNano()), 17))
	code := make([]byte, 10)
	for i := range code {
		code[i] = "ACDEFGHJKLMNPQRTUVWXY3479"[source.IntN(25)]
	}
	c.JSON(http.StatusOK, gin.H{"voucher": string(code)})
}

// case: safe (version 2 for the place of an advertisement)
func advertisement(c *gin.Context) {
	c.JSON(http.StatusOK, gin.H{"slot": randv2.IntN(4)})
}

// case: vulnerable (a cookie that keeps people signed in)
func remember(c echo.Context) error {
	mrand.Seed(time.Now().Unix())
	value := make([]byte, 16)
	mrand.Read(value)
	c.SetCookie(&http.Cookie{
		Name:     "remember",
		Value:    base64.URLEncoding.EncodeToString(value),
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
	return c.NoContent(http.StatusNoContent)
}

// case: safe (a cookie of the helper's bytes)
func rememberTwo(c echo.Context) error {
	c.SetCookie(&http.Cookie{
		Name:     "remember",
		Value:    base64.URLEncoding.EncodeToString(secureBytes(16)),
		Secure:   true,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
	return c.NoContent(http.StatusNoContent)
}

// case: vulnerable (a salt from the struct's generator)
func saltedDigest(password string) string {
	p := picker{source: mrand.New(mrand.NewSource(42))}
	salt := p.text(16)
	sum := sha256.Sum256([]byte(salt + password))
	return salt + "$" + hex.EncodeToString(sum[:])
}

// case: safe (names for the rows of a demonstration)
func sampleNames(count int) []string {
	p := picker{source: mrand.New(mrand.NewSource(42))}
	names := make([]string, 0, count)
	for len(names) < count {
		names = append(names, p.text(7))
	}
	return names
}

// case: vulnerable (hashing does not add what was not there)
func csrfToken() string {
	sum := sha256.Sum256([]byte(fmt.Sprint(mrand.Int63())))
	return hex.EncodeToString(sum[:])
}

// case: safe (the predictable generator is behind a constant that is false)
func secretFor() string {
	raw := secureBytes(20)
	if demo {
		mrand.Read(raw)
	}
	return base32.StdEncoding.EncodeToString(raw)
}

// case: vulnerable (digits joined in a loop, for signing in)
func loginPin() string {
	var pin bytes.Buffer
	for pin.Len() < 6 {
		fmt.Fprintf(&pin, "%d", mrand.Intn(10))
	}
	return pin.String()
}

// case: safe (one of several servers)
func backend(servers []string) string {
	return servers[mrand.Intn(len(servers))]
}

// case: safe (a game's dice)
func dice(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "%d", 1+mrand.Intn(6))
}

// case: vulnerable (the session's name is the clock and the caller's address)
func sessionID(r *http.Request) string {
	raw := fmt.Sprintf("%d-%s", time.Now().UnixMilli(), r.RemoteAddr)
	return base64.StdEncoding.EncodeToString([]byte(raw))
}
