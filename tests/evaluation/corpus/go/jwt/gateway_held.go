// Package tokengate checks tokens in front of the services.
package tokengate

import (
	"errors"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/labstack/echo/v4"
	"github.com/lestrrat-go/jwx/v2/jwa"
	ljwt "github.com/lestrrat-go/jwx/v2/jwt"
)

var errMethod = errors.New("method")

func secret() []byte { return []byte(os.Getenv("TOKEN_KEY")) }

// case: vulnerable (the error is thrown away, claims are used as they are)
func userV2(c *gin.Context) {
	token, _ := jwt.Parse(c.GetHeader("X-Token"), func(*jwt.Token) (interface{}, error) { return secret(), nil })
	if claims, ok := token.Claims.(jwt.MapClaims); ok {
		c.Set("user", claims["sub"])
	}
	c.Next()
}

// case: safe (the error stops)
func user(c *gin.Context) {
	token, err := jwt.Parse(c.GetHeader("X-Token"), func(token *jwt.Token) (interface{}, error) {
		if _, ok := token.Method.(*jwt.SigningMethodHMAC); !ok {
			return nil, errMethod
		}
		return secret(), nil
	})
	if err != nil || !token.Valid {
		c.AbortWithStatus(http.StatusUnauthorized)
		return
	}
	if claims, ok := token.Claims.(jwt.MapClaims); ok {
		c.Set("user", claims["sub"])
	}
	c.Next()
}

// case: vulnerable (go-jose, its name says it)
func tenant(c echo.Context) error {
	token, err := josejwt.ParseSigned(c.Request().Header.Get("X-Token"), []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return echo.ErrUnauthorized
	}
	var claims josejwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return echo.ErrUnauthorized
	}
	return c.JSON(http.StatusOK, claims.Subject)
}

// case: safe (go-jose, verified by the key)
func tenantV2(c echo.Context) error {
	token, err := josejwt.ParseSigned(c.Request().Header.Get("X-Token"), []jose.SignatureAlgorithm{jose.HS256})
	if err != nil {
		return echo.ErrUnauthorized
	}
	var claims josejwt.Claims
	if err := token.Claims(secret(), &claims); err != nil {
		return echo.ErrUnauthorized
	}
	return c.JSON(http.StatusOK, claims.Subject)
}

// case: vulnerable (jwx, verification switched off)
func deviceTwo(c *fiber.Ctx) error {
	token, err := ljwt.Parse([]byte(c.Get("X-Token")), ljwt.WithVerify(false))
	if err != nil {
		return fiber.ErrUnauthorized
	}
	return c.JSON(token.Subject())
}

// case: safe (jwx with key and validation)
func device(c *fiber.Ctx) error {
	token, err := ljwt.Parse([]byte(c.Get("X-Token")), ljwt.WithKey(jwa.HS256, secret()), ljwt.WithValidate(true))
	if err != nil {
		return fiber.ErrUnauthorized
	}
	return c.JSON(token.Subject())
}

// case: vulnerable (the key stands in the source)
func issue(name string) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{"sub": name})
	return token.SignedString([]byte("morgenrot-ueber-dem-hafen"))
}

// case: safe (the key comes from the environment)
func issueTwo(name string) (string, error) {
	token := jwt.NewWithClaims(jwt.SigningMethodHS512, jwt.MapClaims{"sub": name})
	return token.SignedString(secret())
}

// case: vulnerable (the parser's field)
func batch(text string) (jwt.MapClaims, error) {
	parser := jwt.Parser{SkipClaimsValidation: true}
	claims := jwt.MapClaims{}
	_, _, err := parser.ParseUnverified(text, claims)
	return claims, err
}
