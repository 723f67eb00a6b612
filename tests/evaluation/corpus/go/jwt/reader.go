// Package reader reads the tokens of the API.
package reader

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims of ours.
type Claims struct {
	Role string `json:"role"`
	jwt.RegisteredClaims
}

var errToken = errors.New("bad token")

func bearer(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

func key(*jwt.Token) (interface{}, error) { return []byte(os.Getenv("JWT_KEY")), nil }

// case: vulnerable
func role(r *http.Request) (string, error) {
	claims := &Claims{}
	_, _, err := jwt.NewParser().ParseUnverified(bearer(r), claims)
	return claims.Role, err
}

// case: safe (the signature and the method are checked)
func roleNext(r *http.Request) (string, error) {
	claims := &Claims{}
	token, err := jwt.ParseWithClaims(bearer(r), claims, key, jwt.WithValidMethods([]string{"HS256"}))
	if err != nil || !token.Valid {
		return "", errToken
	}
	return claims.Role, nil
}

// case: vulnerable (tokens without a signature are accepted)
func caller(r *http.Request) (*jwt.Token, error) {
	return jwt.Parse(bearer(r), func(token *jwt.Token) (interface{}, error) {
		if token.Method.Alg() == "none" {
			return jwt.UnsafeAllowNoneSignatureType, nil
		}
		return []byte(os.Getenv("JWT_KEY")), nil
	})
}

// case: safe (the method's type is looked at, as for public keys it must be)
func partner(r *http.Request, public *rsa.PublicKey) (*jwt.Token, error) {
	return jwt.Parse(bearer(r), func(token *jwt.Token) (interface{}, error) {
		if _, ok := token.Method.(*jwt.SigningMethodRSA); !ok {
			return nil, errToken
		}
		return public, nil
	})
}

// case: vulnerable (signed with nothing)
func issueV2(name string) (string, error) {
	claims := Claims{Role: "member", RegisteredClaims: jwt.RegisteredClaims{Subject: name}}
	return jwt.NewWithClaims(jwt.SigningMethodNone, claims).SignedString(jwt.UnsafeAllowNoneSignatureType)
}

// case: safe (signed, and it ends)
func issue(name string) (string, error) {
	claims := Claims{Role: "member", RegisteredClaims: jwt.RegisteredClaims{
		Subject:   name,
		ExpiresAt: jwt.NewNumericDate(time.Now().Add(15 * time.Minute)),
	}}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(os.Getenv("JWT_KEY")))
}

// case: vulnerable (the middle part is decoded by hand, nobody looks at the signature)
func subject(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(bearer(r), ".")
	if len(parts) != 3 {
		http.Error(w, "bad token", http.StatusUnauthorized)
		return
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return
	}
	var claims Claims
	if json.Unmarshal(raw, &claims) == nil && claims.Role == "admin" {
		w.Write([]byte("console"))
	}
}

// case: safe (the header is read unverified to find the key, then the token is verified)
func rotated(r *http.Request, keys map[string][]byte) (*jwt.Token, error) {
	unverified, _, err := jwt.NewParser().ParseUnverified(bearer(r), jwt.MapClaims{})
	if err != nil {
		return nil, errToken
	}
	id, _ := unverified.Header["kid"].(string)
	secret, known := keys[id]
	if !known {
		return nil, errToken
	}
	return jwt.Parse(bearer(r), func(*jwt.Token) (interface{}, error) { return secret, nil }, jwt.WithValidMethods([]string{"HS256"}))
}

// case: vulnerable (times are not checked, so an old token is good for ever)
func device(r *http.Request) (*jwt.Token, error) {
	parser := jwt.NewParser(jwt.WithoutClaimsValidation(), jwt.WithValidMethods([]string{"HS256"}))
	return parser.Parse(bearer(r), key)
}
