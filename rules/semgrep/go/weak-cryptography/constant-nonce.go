package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"io"
)

func literal(block cipher.Block, text []byte) {
	// ruleid: go-constant-nonce
	cipher.NewCBCEncrypter(block, []byte("0123456789abcdef")).CryptBlocks(text, text)
}

func zero(gcm cipher.AEAD, text []byte) []byte {
	nonce := make([]byte, 12)
	// ruleid: go-constant-nonce
	return gcm.Seal(nil, nonce, text, nil)
}

func variable(block cipher.Block, text []byte) {
	iv := []byte("0123456789abcdef")
	// ruleid: go-constant-nonce
	cipher.NewCTR(block, iv).XORKeyStream(text, text)
}

func fresh(gcm cipher.AEAD, text []byte) ([]byte, error) {
	nonce := make([]byte, gcm.NonceSize())
	if _, err := io.ReadFull(rand.Reader, nonce); err != nil {
		return nil, err
	}
	// ok: go-constant-nonce
	return gcm.Seal(nonce, nonce, text, nil), nil
}

func read(gcm cipher.AEAD, text []byte) []byte {
	nonce := make([]byte, 12)
	rand.Read(nonce)
	// ok: go-constant-nonce
	return gcm.Seal(nonce, nonce, text, nil)
}

func given(block cipher.Block, iv, text []byte) {
	// ok: go-constant-nonce
	cipher.NewCTR(block, iv).XORKeyStream(text, text)
}
