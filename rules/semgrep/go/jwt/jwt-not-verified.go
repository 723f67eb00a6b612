package reader

import (
	"encoding/base64"
	"errors"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

func unverified(text string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	// ruleid: go-jwt-not-verified
	_, _, err := jwt.NewParser().ParseUnverified(text, claims)
	return claims, err
}

func none(claims jwt.MapClaims) (string, error) {
	// ruleid: go-jwt-not-verified
	return jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(nil)
}

func byHand(text string) ([]byte, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errors.New("no token")
	}
	// ruleid: go-jwt-not-verified
	return base64.RawURLEncoding.DecodeString(parts[1])
}

func verified(text string, key []byte) (*jwt.Token, error) {
	// ok: go-jwt-not-verified
	return jwt.Parse(text, func(*jwt.Token) (interface{}, error) { return key, nil }, jwt.WithValidMethods([]string{"HS256"}))
}

func byKeyID(text string, keys map[string][]byte) (*jwt.Token, error) {
	// ok: go-jwt-not-verified
	first, _, err := jwt.NewParser().ParseUnverified(text, jwt.MapClaims{})
	if err != nil {
		return nil, err
	}
	id, _ := first.Header["kid"].(string)
	return jwt.Parse(text, func(*jwt.Token) (interface{}, error) { return keys[id], nil })
}
