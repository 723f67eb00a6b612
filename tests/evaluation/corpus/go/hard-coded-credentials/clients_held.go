// Package clients makes the clients of other services.
package clients

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/gin-gonic/gin"
	"github.com/go-ldap/ldap/v3"
	"github.com/go-resty/resty/v2"
	"github.com/go-sql-driver/mysql"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/crypto/ssh"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// Settings of the service.
type Settings struct {
	User     string
	Password string
	Token    string
}

// case: vulnerable
func defaults() Settings {
	return Settings{User: "reporting", Password: "Ziegel-und-Moos-14"}
}

// case: safe (empty until it is configured)
func empty() Settings {
	return Settings{User: "reporting", Password: "", Token: os.Getenv("REPORT_TOKEN")}
}

// case: vulnerable (the data source name is formatted, its password is a constant)
func openNext() (*gorm.DB, error) {
	password := "h0lzWurm_im_Schrank"
	dsn := fmt.Sprintf("%s:%s@tcp(%s)/%s", "ledger", password, "db.internal:3306", "ledger")
	return gorm.Open(gormmysql.Open(dsn), &gorm.Config{})
}

// case: safe (the same, with a password that is read from a file)
func open() (*gorm.DB, error) {
	content, err := os.ReadFile("/run/secrets/ledger")
	if err != nil {
		return nil, err
	}
	dsn := fmt.Sprintf("%s:%s@tcp(%s)/%s", "ledger", strings.TrimSpace(string(content)), "db.internal:3306", "ledger")
	return gorm.Open(gormmysql.Open(dsn), &gorm.Config{})
}

// case: vulnerable (basic authentication of the framework)
func adminV2(engine *gin.Engine) *gin.RouterGroup {
	return engine.Group("/admin", gin.BasicAuth(gin.Accounts{"root": "Dachrinne!2020x"}))
}

// case: safe (basic authentication with an account of the environment)
func admin(engine *gin.Engine) *gin.RouterGroup {
	return engine.Group("/admin", gin.BasicAuth(gin.Accounts{os.Getenv("ADMIN_USER"): os.Getenv("ADMIN_PASSWORD")}))
}

// case: vulnerable (a bearer token in a client)
func tickets() *resty.Client {
	return resty.New().SetBaseURL("https://tickets.example.org").SetAuthToken("tk-9f31bb07c2d84e55a0e6")
}

// case: safe (a flag whose default is empty)
func token() *string {
	return flag.String("token", "", "token of the ticket service")
}

// case: vulnerable (bind with a service account)
func directory(conn *ldap.Conn) error {
	return conn.Bind("cn=service,dc=example,dc=org", "Schilf+Rohr*55")
}

// case: vulnerable (ssh)
func shell() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User: "deploy",
		Auth: []ssh.AuthMethod{ssh.Password("Am5el-singt-frueh")},
	}
}

// case: safe (the driver's configuration, filled from the environment)
func configuration() *mysql.Config {
	c := mysql.NewConfig()
	c.User = "ledger"
	c.Passwd = os.Getenv("LEDGER_PASSWORD")
	return c
}

// case: safe (a key that is read from a header is no key in the source)
func keyed(e *echo.Echo) {
	e.Use(middleware.KeyAuthWithConfig(middleware.KeyAuthConfig{
		KeyLookup: "header:X-Api-Key",
		Validator: func(key string, c echo.Context) (bool, error) { return key == os.Getenv("API_KEY"), nil },
	}))
	e.GET("/health", func(c echo.Context) error { return c.NoContent(http.StatusNoContent) })
}
