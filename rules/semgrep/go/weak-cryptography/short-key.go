package vault

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
)

const keyBits = 4096

func short() (*rsa.PrivateKey, error) {
	// ruleid: go-short-key
	return rsa.GenerateKey(rand.Reader, 1024)
}

func variable() (*rsa.PrivateKey, error) {
	bits := 512
	// ruleid: go-short-key
	return rsa.GenerateKey(rand.Reader, bits)
}

func padded(public *rsa.PublicKey, text []byte) ([]byte, error) {
	// ruleid: go-short-key
	return rsa.EncryptPKCS1v15(rand.Reader, public, text)
}

func good(public *rsa.PublicKey, text []byte) ([]byte, error) {
	// ok: go-short-key
	if _, err := rsa.GenerateKey(rand.Reader, keyBits); err != nil {
		return nil, err
	}
	// ok: go-short-key
	return rsa.EncryptOAEP(sha256.New(), rand.Reader, public, text, nil)
}
