// Package connections opens what the service needs.
package connections

import (
	"crypto/subtle"
	"database/sql"
	"errors"
	"net/http"
	"net/smtp"
	"os"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/golang-jwt/jwt/v5"
	"github.com/gorilla/sessions"
	"github.com/redis/go-redis/v9"
)

const (
	passwordField  = "password"
	passwordHeader = "X-Password"
	errPassword    = "the password must have twelve characters"
)

var errCredentials = errors.New("password or user name is wrong")

// case: vulnerable
func databaseApi() (*sql.DB, error) {
	return sql.Open("postgres", "postgres://shop:Tr4umh4fen-91@db.internal:5432/shop?sslmode=verify-full")
}

// case: safe (the address comes from the environment)
func database() (*sql.DB, error) {
	return sql.Open("postgres", os.Getenv("DATABASE_URL"))
}

// case: vulnerable
func cacheTwo() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "cache.internal:6379", Password: "w8nd-Fahne-77", DB: 0})
}

// case: safe (the password comes from the environment)
func cache() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: "cache.internal:6379", Password: os.Getenv("REDIS_PASSWORD"), DB: 0})
}

// case: vulnerable (the key that signs sessions)
func store() *sessions.CookieStore {
	key := "kornfeld-im-august-1987"
	return sessions.NewCookieStore([]byte(key))
}

// case: vulnerable (a fallback that is a secret is one, too)
func sign(claims jwt.MapClaims) (string, error) {
	secret := os.Getenv("JWT_SECRET")
	if secret == "" {
		secret = "b3rgSee!unter-Wolken"
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}

// case: safe (without a secret it stops)
func signPage(claims jwt.MapClaims) (string, error) {
	secret := os.Getenv("JWT_SECRET")
	if secret == "" {
		return "", errors.New("JWT_SECRET is not set")
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
}

// case: safe (the name of a form's field and of a header)
func passwordOf(r *http.Request) string {
	if password := r.Header.Get(passwordHeader); password != "" {
		return password
	}
	return r.PostFormValue(passwordField)
}

// case: vulnerable (compared with a literal)
func maintenance(w http.ResponseWriter, r *http.Request) {
	user, password, ok := r.BasicAuth()
	if !ok || user != "operator" || subtle.ConstantTimeCompare([]byte(password), []byte("Nebel-am-Fluss-3")) != 1 {
		http.Error(w, "no", http.StatusUnauthorized)
	}
}

// case: safe (texts that speak of passwords)
func check(password string) error {
	if len(password) < 12 {
		return errors.New(errPassword)
	}
	if password == "" {
		return errCredentials
	}
	return nil
}

// case: vulnerable (mail)
func mailer() smtp.Auth {
	const password = "postKutsche#2291"
	return smtp.PlainAuth("", "robot@example.org", password, "mail.example.org")
}

// case: safe (static provider, but with values of the environment)
func storage() credentials.StaticCredentialsProvider {
	return credentials.NewStaticCredentialsProvider(os.Getenv("STORAGE_KEY"), os.Getenv("STORAGE_SECRET"), "")
}
