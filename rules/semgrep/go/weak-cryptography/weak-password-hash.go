package credentials

import (
	"crypto/rand"
	"crypto/sha256"
	"io"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/pbkdf2"
)

func fast(password string) [32]byte {
	// ruleid: go-weak-password-hash
	return sha256.Sum256([]byte(password))
}

func streamed(password string) []byte {
	h := sha256.New()
	// ruleid: go-weak-password-hash
	io.WriteString(h, password)
	return h.Sum(nil)
}

func few(password, salt []byte) []byte {
	// ruleid: go-weak-password-hash
	return pbkdf2.Key(password, salt, 1000, 32, sha256.New)
}

func same(password []byte) []byte {
	// ruleid: go-weak-password-hash
	return argon2.IDKey(password, []byte("members"), 3, 65536, 4, 32)
}

func cheap(password []byte) ([]byte, error) {
	// ruleid: go-weak-password-hash
	return bcrypt.GenerateFromPassword(password, 4)
}

func good(password []byte) ([]byte, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return nil, err
	}
	// ok: go-weak-password-hash
	_ = argon2.IDKey(password, salt, 3, 65536, 4, 32)
	// ok: go-weak-password-hash
	_ = pbkdf2.Key(password, salt, 600000, 32, sha256.New)
	// ok: go-weak-password-hash
	return bcrypt.GenerateFromPassword(password, bcrypt.DefaultCost)
}

func file(content []byte) [32]byte {
	// ok: go-weak-password-hash
	return sha256.Sum256(content)
}
