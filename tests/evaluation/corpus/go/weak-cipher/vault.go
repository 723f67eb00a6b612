// Package vault encrypts what customers deposit.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rc4"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"os"

	"golang.org/x/crypto/blowfish"
	"golang.org/x/crypto/chacha20poly1305"
)

const keyBits = 3072

var errShort = errors.New("too short")

type sealer struct {
	key []byte
}

func (s sealer) nonce(size int) ([]byte, error) {
	nonce := make([]byte, size)
	_, err := io.ReadFull(rand.Reader, nonce)
	return nonce, err
}

func padded(text []byte, size int) []byte {
	missing := size - len(text)%size
	for i := 0; i < missing; i++ {
		text = append(text, byte(missing))
	}
	return text
}

// case: vulnerable
func (s sealer) account(text []byte) ([]byte, error) {
	block, err := des.NewCipher(s.key[:8])
	if err != nil {
		return nil, err
	}
	iv, err := s.nonce(des.BlockSize)
	if err != nil {
		return nil, err
	}
	text = padded(text, des.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	return append(iv, text...), nil
}

// case: safe (AES-GCM with a fresh random nonce)
func (s sealer) deposit(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return nil, err
	}
	return gcm.Seal(nonce, nonce, text, nil), nil
}

// case: vulnerable (a nonce that is always zero)
func (s sealer) transfer(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 12)
	return gcm.Seal(nil, nonce, text, nil), nil
}

// case: vulnerable (each block for itself: equal blocks stay equal)
func (s sealer) column(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	text = padded(text, aes.BlockSize)
	out := make([]byte, len(text))
	for at := 0; at < len(text); at += aes.BlockSize {
		block.Encrypt(out[at:at+aes.BlockSize], text[at:at+aes.BlockSize])
	}
	return out, nil
}

// case: safe (ChaCha20-Poly1305 with a nonce of the helper)
func (s sealer) note(text []byte) ([]byte, error) {
	aead, err := chacha20poly1305.NewX(s.key)
	if err != nil {
		return nil, err
	}
	nonce, err := s.nonce(aead.NonceSize())
	if err != nil {
		return nil, err
	}
	return aead.Seal(nonce, nonce, text, nil), nil
}

// case: vulnerable
func (s sealer) stream(w http.ResponseWriter, text []byte) {
	c, err := rc4.NewCipher(s.key)
	if err != nil {
		http.Error(w, "failed", http.StatusInternalServerError)
		return
	}
	c.XORKeyStream(text, text)
	w.Write(text)
}

// case: vulnerable (an initialization vector from the source)
func (s sealer) cookie(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	iv := []byte("0123456789abcdef")
	text = padded(text, aes.BlockSize)
	out := make([]byte, len(text))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, text)
	return out, nil
}

// case: safe (CBC with a random vector, and a MAC over all of it)
func (s sealer) ticket(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	text = padded(text, aes.BlockSize)
	out := make([]byte, aes.BlockSize+len(text))
	iv := out[:aes.BlockSize]
	if _, err := io.ReadFull(rand.Reader, iv); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(out[aes.BlockSize:], text)
	mac := hmac.New(sha256.New, []byte(os.Getenv("MAC_KEY")))
	mac.Write(out)
	return mac.Sum(out), nil
}

// case: safe (the nonce is read from the front of the message)
func (s sealer) open(message []byte) ([]byte, error) {
	block, err := aes.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	if len(message) < gcm.NonceSize() {
		return nil, errShort
	}
	return gcm.Open(nil, message[:gcm.NonceSize()], message[gcm.NonceSize():], nil)
}

// case: vulnerable (1024 bits by a variable)
func keyPair() (*rsa.PrivateKey, error) {
	bits := 1024
	return rsa.GenerateKey(rand.Reader, bits)
}

// case: safe (3072 bits by a constant)
func identity() (*rsa.PrivateKey, error) {
	return rsa.GenerateKey(rand.Reader, keyBits)
}

// case: vulnerable (a cipher of 64-bit blocks)
func (s sealer) archive(text []byte) ([]byte, error) {
	block, err := blowfish.NewCipher(s.key)
	if err != nil {
		return nil, err
	}
	iv, err := s.nonce(blowfish.BlockSize)
	if err != nil {
		return nil, err
	}
	text = padded(text, blowfish.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	return append(iv, text...), nil
}

// case: safe (an elliptic curve of good size)
func curveKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}
