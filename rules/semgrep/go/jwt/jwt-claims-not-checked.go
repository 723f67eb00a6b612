package reader

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"
)

func lax(text string, key jwt.Keyfunc) (*jwt.Token, error) {
	// ruleid: go-jwt-claims-not-checked
	return jwt.NewParser(jwt.WithoutClaimsValidation()).Parse(text, key)
}

func thrownAway(text string, key jwt.Keyfunc) jwt.Claims {
	// ruleid: go-jwt-claims-not-checked
	token, _ := jwt.Parse(text, key)
	return token.Claims
}

func asked(text string, key jwt.Keyfunc) (jwt.Claims, error) {
	// ok: go-jwt-claims-not-checked
	token, _ := jwt.Parse(text, key)
	if token == nil || !token.Valid {
		return nil, errors.New("no")
	}
	return token.Claims, nil
}

func strict(text string, key jwt.Keyfunc) (*jwt.Token, error) {
	// ok: go-jwt-claims-not-checked
	token, err := jwt.Parse(text, key)
	return token, err
}
