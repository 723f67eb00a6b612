// Package credentials keeps passwords and proofs of the members.
package credentials

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/md4"
	"golang.org/x/crypto/pbkdf2"
)

var digests = map[string]func() hash.Hash{
	"fast":   md5.New,
	"strong": sha512.New,
}

const algorithm = "sha256"

// Member is one account.
type Member struct {
	Name     string
	Password string
}

// case: vulnerable
func hashPassword(password string) string {
	sum := md5.Sum([]byte(password))
	return hex.EncodeToString(sum[:])
}

// case: safe (a slow hash with its own salt)
func hashPasswordV2(password string) (string, error) {
	sum, err := bcrypt.GenerateFromPassword([]byte(password), 12)
	return string(sum), err
}

// case: vulnerable (SHA-1 over name and password)
func register(w http.ResponseWriter, r *http.Request) {
	h := sha1.New()
	io.WriteString(h, r.PostFormValue("name"))
	io.WriteString(h, r.PostFormValue("password"))
	store(Member{Name: r.PostFormValue("name"), Password: fmt.Sprintf("%x", h.Sum(nil))})
}

// case: safe (argon2id with a random salt)
func registerPage(w http.ResponseWriter, r *http.Request) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	key := argon2.IDKey([]byte(r.PostFormValue("password")), salt, 3, 64*1024, 4, 32)
	store(Member{Name: r.PostFormValue("name"), Password: base64.StdEncoding.EncodeToString(append(salt, key...))})
}

func store(Member) {}

// case: vulnerable (a reset link is proved by MD5 over what everybody knows and a key)
func resetProof(name string) string {
	h := md5.New()
	h.Write([]byte(name + os.Getenv("RESET_KEY")))
	return hex.EncodeToString(h.Sum(nil))
}

// case: safe (an HMAC with SHA-256)
func resetProofNext(name string) string {
	mac := hmac.New(sha256.New, []byte(os.Getenv("RESET_KEY")))
	mac.Write([]byte(name))
	return hex.EncodeToString(mac.Sum(nil))
}

// case: vulnerable (the constructor waits in a variable)
func seal(document []byte) []byte {
	constructor := sha1.New
	if len(document) == 0 {
		return nil
	}
	h := constructor()
	h.Write(document)
	h.Write([]byte(os.Getenv("SEAL_KEY")))
	return h.Sum(nil)
}

// case: safe (the strong entry of the table)
func sealTwo(document []byte) []byte {
	mac := hmac.New(digests["strong"], []byte(os.Getenv("SEAL_KEY")))
	mac.Write(document)
	return mac.Sum(nil)
}

// case: vulnerable (a signature over SHA-1)
func sign(key *rsa.PrivateKey, contract []byte) ([]byte, error) {
	digest := sha1.Sum(contract)
	return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA1, digest[:])
}

// case: safe (a signature over SHA-256)
func signTwo(key *rsa.PrivateKey, contract []byte) ([]byte, error) {
	digest := sha256.Sum256(contract)
	return rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest[:], nil)
}

// case: vulnerable (the oldest of all, for Windows passwords)
func domainHash(password []byte) []byte {
	h := md4.New()
	h.Write(password)
	return h.Sum(nil)
}

// case: safe (the constant picks SHA-256, and the other branch is strong as well)
func fingerprint(content []byte) string {
	var h hash.Hash
	switch algorithm {
	case "sha256":
		h = sha256.New()
	default:
		h = sha512.New()
	}
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// case: vulnerable (a thousand rounds and a salt that is the same for everybody)
func deriveNext(password string) []byte {
	return pbkdf2.Key([]byte(password), []byte("members"), 1000, 32, sha1.New)
}

// case: safe (a random salt and 600,000 rounds of SHA-256)
func derive(password string) ([]byte, error) {
	salt := make([]byte, 16)
	if _, err := io.ReadFull(rand.Reader, salt); err != nil {
		return nil, err
	}
	return pbkdf2.Key([]byte(password), salt, 600000, 32, sha256.New), nil
}

// case: safe (names that look alarming and a strong function)
func shortForm(value string) string {
	md5Length := 32
	sum := sha256.Sum256([]byte(value))
	return hex.EncodeToString(sum[:])[:md5Length]
}
