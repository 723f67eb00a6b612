package credentials

import (
	"crypto"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"hash"

	"golang.org/x/crypto/md4"
)

func proof(name string) [16]byte {
	// ruleid: go-weak-hash
	return md5.Sum([]byte(name))
}

func seal(text []byte) []byte {
	// ruleid: go-weak-hash
	var make func() hash.Hash = sha1.New
	h := make()
	h.Write(text)
	return h.Sum(nil)
}

func old(text []byte) []byte {
	// ruleid: go-weak-hash
	h := md4.New()
	h.Write(text)
	return h.Sum(nil)
}

func sign(key *rsa.PrivateKey, sum []byte) ([]byte, error) {
	// ruleid: go-weak-hash
	return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA1, sum)
}

func keyed(key, text []byte) []byte {
	// ok: go-weak-hash
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return mac.Sum(nil)
}

func etagOf(page []byte) [16]byte {
	// ok: go-weak-hash
	return md5.Sum(page)
}

func md5Length() int {
	// ok: go-weak-hash
	return len(sha256.New().Sum(nil)) / 2
}
