package vault

import (
	"crypto/aes"
	"crypto/cipher"
)

func column(key, text []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(text))
	for at := 0; at < len(text); at += aes.BlockSize {
		// ruleid: go-block-by-block
		block.Encrypt(out[at:at+aes.BlockSize], text[at:at+aes.BlockSize])
	}
	return out, nil
}

func sealed(key, nonce, text []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	// ok: go-block-by-block
	return gcm.Seal(nil, nonce, text, nil), nil
}
