package connections

import (
	"crypto/aes"
	"crypto/hmac"
	"crypto/sha256"
	"os"

	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/sessions"
)

// ruleid: go-hard-coded-signing-key
var store = sessions.NewCookieStore([]byte("kornblumen-feld"))

// ok: go-hard-coded-signing-key
var good = sessions.NewCookieStore([]byte(os.Getenv("SESSION_KEY")))

func sign(claims jwt.MapClaims) (string, error) {
	// ruleid: go-hard-coded-signing-key
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte("regen-bogen"))
}

func constant(text []byte) []byte {
	const key = "wolken-bruch"
	// ruleid: go-hard-coded-signing-key
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(text)
	return mac.Sum(nil)
}

func parse(text string) (*jwt.Token, error) {
	return jwt.Parse(text, func(token *jwt.Token) (interface{}, error) {
		// ruleid: go-hard-coded-signing-key
		return []byte("regen-bogen"), nil
	})
}

func cipher(key string) {
	// ok: go-hard-coded-signing-key
	aes.NewCipher([]byte(key))
}
