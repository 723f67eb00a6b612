// Package envelopes wraps messages for other systems, old ones among them.
package envelopes

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rc4"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io"
	"os"

	"github.com/gin-gonic/gin"
	"golang.org/x/crypto/cast5"
	"golang.org/x/crypto/nacl/secretbox"
)

const legacyPartners = false

type constructor func(key []byte) (cipher.Block, error)

var ciphers = map[string]constructor{
	"modern": aes.NewCipher,
	"bank":   des.NewTripleDESCipher,
}

func key() []byte {
	raw, _ := base64.StdEncoding.DecodeString(os.Getenv("ENVELOPE_KEY"))
	return raw
}

func pad(text []byte, size int) []byte {
	count := size - len(text)%size
	return append(text, bytes.Repeat([]byte{byte(count)}, count)...)
}

func authenticated(text []byte) []byte {
	mac := hmac.New(sha256.New, []byte(os.Getenv("ENVELOPE_MAC")))
	mac.Write(text)
	return mac.Sum(text)
}

// case: vulnerable
func bank(text []byte) ([]byte, error) {
	block, err := des.NewTripleDESCipher(key()[:24])
	if err != nil {
		return nil, err
	}
	text = pad(text, block.BlockSize())
	out := make([]byte, block.BlockSize()+len(text))
	if _, err := rand.Read(out[:block.BlockSize()]); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, out[:block.BlockSize()]).CryptBlocks(out[block.BlockSize():], text)
	return out, nil
}

// case: vulnerable (the constructor is taken from a table)
func partner(text []byte) ([]byte, error) {
	block, err := ciphers["bank"](key())
	if err != nil {
		return nil, err
	}
	text = pad(text, block.BlockSize())
	iv := make([]byte, block.BlockSize())
	if _, err := rand.Read(iv); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
	return append(iv, text...), nil
}

// case: safe (the table's other entry)
func modern(text []byte) ([]byte, error) {
	block, err := ciphers["modern"](key())
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, gcm.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, err
	}
	return append(nonce, gcm.Seal(nil, nonce, text, nil)...), nil
}

// case: safe (the old cipher is behind a constant that is false)
func either(text []byte) ([]byte, error) {
	fresh := aes.NewCipher
	if legacyPartners {
		fresh = des.NewTripleDESCipher
	}
	block, err := fresh(key())
	if err != nil {
		return nil, err
	}
	text = pad(text, block.BlockSize())
	out := make([]byte, block.BlockSize()+len(text))
	if _, err := rand.Read(out[:block.BlockSize()]); err != nil {
		return nil, err
	}
	cipher.NewCBCEncrypter(block, out[:block.BlockSize()]).CryptBlocks(out[block.BlockSize():], text)
	return authenticated(out), nil
}

// case: vulnerable (a counter that starts anew at zero for every message under one key)
func telemetryAlt(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(key())
	if err != nil {
		return nil, err
	}
	var counter [aes.BlockSize]byte
	out := make([]byte, len(text))
	cipher.NewCTR(block, counter[:]).XORKeyStream(out, text)
	return out, nil
}

// case: safe (the counter starts at a random place, and a MAC follows)
func telemetry(text []byte) ([]byte, error) {
	block, err := aes.NewCipher(key())
	if err != nil {
		return nil, err
	}
	out := make([]byte, aes.BlockSize+len(text))
	if _, err := io.ReadFull(rand.Reader, out[:aes.BlockSize]); err != nil {
		return nil, err
	}
	cipher.NewCTR(block, out[:aes.BlockSize]).XORKeyStream(out[aes.BlockSize:], text)
	return authenticated(out), nil
}

// case: vulnerable (the key itself serves as initialization vector)
func ticket(c *gin.Context) {
	secret := key()
	block, err := aes.NewCipher(secret)
	if err != nil {
		return
	}
	text := pad([]byte(c.PostForm("ticket")), aes.BlockSize)
	cipher.NewCBCEncrypter(block, secret[:aes.BlockSize]).CryptBlocks(text, text)
	c.String(200, base64.StdEncoding.EncodeToString(text))
}

// case: safe (a box of NaCl with a random nonce)
func letter(text []byte) ([]byte, error) {
	var secret [32]byte
	copy(secret[:], key())
	var nonce [24]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, err
	}
	return secretbox.Seal(nonce[:], text, &nonce, &secret), nil
}

// case: vulnerable (a box of NaCl whose nonce is a constant)
func parcel(text []byte) []byte {
	var secret [32]byte
	copy(secret[:], key())
	var nonce [24]byte
	copy(nonce[:], "envelope-nonce-number-01")
	return secretbox.Seal(nil, text, &nonce, &secret)
}

// case: vulnerable
func mail(text []byte) ([]byte, error) {
	block, err := cast5.NewCipher(key()[:16])
	if err != nil {
		return nil, err
	}
	iv := make([]byte, cast5.BlockSize)
	if _, err := rand.Read(iv); err != nil {
		return nil, err
	}
	out := make([]byte, len(text))
	cipher.NewCTR(block, iv).XORKeyStream(out, text)
	return append(iv, out...), nil
}

// case: vulnerable (a padding that answers questions)
func sendKey(public *rsa.PublicKey, secret []byte) ([]byte, error) {
	return rsa.EncryptPKCS1v15(rand.Reader, public, secret)
}

// case: safe (OAEP)
func sendKeyApi(public *rsa.PublicKey, secret []byte) ([]byte, error) {
	return rsa.EncryptOAEP(sha256.New(), rand.Reader, public, secret, []byte("envelope"))
}

// case: safe (keys of 4096 bits and Ed25519)
func identities() (*rsa.PrivateKey, ed25519.PrivateKey, error) {
	long, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		return nil, nil, err
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return long, private, err
}

// case: safe (the word is a shipment's description, nothing is encrypted)
func describe(des string) (string, error) {
	if des == "" {
		return "", errors.New("no description")
	}
	sum := sha512.Sum512([]byte(des))
	return base64.RawURLEncoding.EncodeToString(sum[:12]), nil
}

// case: vulnerable (a wrapper of ours around the stream cipher)
func tunnel(conn io.Writer, text []byte) error {
	stream, err := newStream(key())
	if err != nil {
		return err
	}
	writer := cipher.StreamWriter{S: stream, W: conn}
	_, err = writer.Write(text)
	return err
}

func newStream(secret []byte) (cipher.Stream, error) {
	return rc4.NewCipher(secret)
}
