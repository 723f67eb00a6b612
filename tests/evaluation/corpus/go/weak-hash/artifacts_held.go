// Package artifacts stores build results, checks them and signs in their publishers.
package artifacts

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/big"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/labstack/echo/v4"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

type publisher struct {
	name   string
	secret string
}

type hasher struct {
	fresh func() hash.Hash
}

func (h hasher) of(value string) string {
	one := h.fresh()
	one.Write([]byte(value))
	return hex.EncodeToString(one.Sum(nil))
}

func fromEnvironment(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// case: vulnerable
func signIn(c *gin.Context, known publisher) {
	sum := sha1.Sum([]byte(c.PostForm("password")))
	if hex.EncodeToString(sum[:]) != known.secret {
		c.AbortWithStatus(http.StatusUnauthorized)
	}
}

// case: safe (bcrypt compares)
func signInV2(c *gin.Context, known publisher) {
	if bcrypt.CompareHashAndPassword([]byte(known.secret), []byte(c.PostForm("password"))) != nil {
		c.AbortWithStatus(http.StatusUnauthorized)
	}
}

// case: safe (MD5 as the entity tag of a page, nobody relies on it)
func entityTag(w http.ResponseWriter, r *http.Request, page []byte) {
	tag := fmt.Sprintf(`"%x"`, md5.Sum(page))
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	io.Copy(w, bytes.NewReader(page))
}

// case: safe (the name of a folder in a cache)
func cacheFolder(address string) string {
	sum := md5.Sum([]byte(address))
	return "/var/cache/artifacts/" + hex.EncodeToString(sum[:2])
}

// case: vulnerable (the passwords of publishers are known by their MD5)
func publisherOf(c echo.Context) error {
	h := md5.New()
	h.Write([]byte(c.FormValue("password")))
	stored := os.Getenv("PUBLISHER_DIGEST")
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(h.Sum(nil))), []byte(stored)) != 1 {
		return echo.ErrUnauthorized
	}
	return c.NoContent(http.StatusNoContent)
}

// case: vulnerable (the algorithm's default is the weak one)
func verify(content []byte, expected string) bool {
	var h hash.Hash
	switch strings.ToLower(fromEnvironment("ARTIFACT_DIGEST", "md5")) {
	case "sha512":
		h = sha512.New()
	case "sha256":
		h = sha256.New()
	default:
		h = md5.New()
	}
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil)) == expected
}

// case: safe (all choices and the default are strong)
func verifyTwo(content []byte, expected string) bool {
	var h hash.Hash
	switch strings.ToLower(fromEnvironment("ARTIFACT_DIGEST", "sha512")) {
	case "sha256":
		h = sha256.New()
	default:
		h = sha512.New()
	}
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil)) == expected
}

// case: vulnerable (by the registry of package crypto)
func signatureInput(release []byte) []byte {
	h := crypto.MD5.New()
	h.Write(release)
	mac := hmac.New(sha256.New, []byte(os.Getenv("RELEASE_KEY")))
	mac.Write(h.Sum(nil))
	return mac.Sum(nil)
}

// case: safe (the same by SHA-384)
func signatureInputNext(release []byte) []byte {
	h := crypto.SHA384.New()
	h.Write(release)
	mac := hmac.New(sha256.New, []byte(os.Getenv("RELEASE_KEY")))
	mac.Write(h.Sum(nil))
	return mac.Sum(nil)
}

// case: vulnerable (a certificate signed over SHA-1)
func certificateAlt(number *big.Int) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:       number,
		NotBefore:          time.Now(),
		NotAfter:           time.Now().AddDate(1, 0, 0),
		SignatureAlgorithm: x509.SHA1WithRSA,
	}
}

// case: safe (a certificate signed over SHA-256)
func certificate(number *big.Int) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:       number,
		NotBefore:          time.Now(),
		NotAfter:           time.Now().AddDate(1, 0, 0),
		SignatureAlgorithm: x509.ECDSAWithSHA256,
	}
}

// case: vulnerable (a struct of ours makes the weak one)
func rememberMe(p publisher) string {
	h := hasher{fresh: sha1.New}
	return base64.StdEncoding.EncodeToString([]byte(p.name + ":" + h.of(p.name+p.secret)))
}

// case: safe (the same struct makes a strong one, of a random value)
func session() (string, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", err
	}
	h := hasher{fresh: sha512.New512_256}
	return h.of(string(raw)), nil
}

// case: safe (scrypt with a random salt)
func derive(password string) ([]byte, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	return scrypt.Key([]byte(password), salt, 1<<16, 8, 1, 32)
}
