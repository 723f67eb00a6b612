package connections

import (
	"database/sql"
	"net/http"
	"net/smtp"
	"os"

	"github.com/redis/go-redis/v9"
)

const passwordField = "password1"

func open() (*sql.DB, error) {
	// ruleid: go-hard-coded-service-password
	return sql.Open("postgres", "postgres://shop:tr0mmelwirbel@db.internal/shop")
}

func fromEnvironment() (*sql.DB, error) {
	// ok: go-hard-coded-service-password
	return sql.Open("postgres", os.Getenv("DATABASE_URL"))
}

func socket() (*sql.DB, error) {
	// ok: go-hard-coded-service-password
	return sql.Open("mysql", "unix(/run/mysql.sock)/shop")
}

func cache() *redis.Client {
	// ruleid: go-hard-coded-service-password
	return redis.NewClient(&redis.Options{Addr: "cache:6379", Password: "w1nter-Rose"})
}

func open2() *redis.Client {
	// ok: go-hard-coded-service-password
	return redis.NewClient(&redis.Options{Addr: "cache:6379", Password: ""})
}

func mail() smtp.Auth {
	// ruleid: go-hard-coded-service-password
	password := "brief-Taube22"
	// ruleid: go-hard-coded-service-password
	return smtp.PlainAuth("", "robot@example.org", password, "mail.example.org")
}

func compared(w http.ResponseWriter, r *http.Request) bool {
	password := r.PostFormValue(passwordField)
	// ok: go-hard-coded-service-password
	if password == "" {
		return false
	}
	// ruleid: go-hard-coded-service-password
	return password == "Hinter-7-Bergen"
}
