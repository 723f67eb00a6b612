// Package tlsservers has servers and clients of the message bus.
package tlsservers

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"

	"github.com/go-ldap/ldap/v3"
	"github.com/go-resty/resty/v2"
	"github.com/gorilla/websocket"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	gomail "gopkg.in/gomail.v2"
)

func laboratory() bool { return os.Getenv("LAB") == "1" }

func loose() *tls.Config {
	c := new(tls.Config)
	return c
}

// case: vulnerable
func serviceTwo(address string) (*grpc.ClientConn, error) {
	return grpc.Dial(address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})))
}

// case: safe (the system's authorities)
func service(address string) (*grpc.ClientConn, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	return grpc.Dial(address, grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(pool, "")))
}

// case: vulnerable (resty)
func clientAlt() *resty.Client {
	return resty.New().SetTLSClientConfig(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12})
}

// case: safe (resty with a certificate of our own)
func client() *resty.Client {
	return resty.New().SetRootCertificate("/etc/bus/ca.pem").SetTLSClientConfig(&tls.Config{MinVersion: tls.VersionTLS12})
}

// case: vulnerable (the client's certificate is asked for, but not verified)
func server(handler http.Handler) *http.Server {
	return &http.Server{
		Addr:      ":8443",
		Handler:   handler,
		TLSConfig: &tls.Config{ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12},
	}
}

// case: safe (the client's certificate is verified)
func serverPage(handler http.Handler, clients *x509.CertPool) *http.Server {
	return &http.Server{
		Addr:    ":8443",
		Handler: handler,
		TLSConfig: &tls.Config{
			ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12,
		},
	}
}

// case: vulnerable (the directory, the configuration goes through a helper and a field)
func directory() (*ldap.Conn, error) {
	config := loose()
	config.InsecureSkipVerify = true
	return ldap.DialURL("ldaps://directory.internal", ldap.DialWithTLSConfig(config))
}

// case: safe (what was switched off is switched on before use)
func socket(address string) (*websocket.Conn, error) {
	config := &tls.Config{InsecureSkipVerify: laboratory(), MinVersion: tls.VersionTLS12}
	config.InsecureSkipVerify = false
	dialer := websocket.Dialer{TLSClientConfig: config}
	conn, _, err := dialer.Dial(address, nil)
	return conn, err
}

// case: vulnerable (mail)
func mailApi(password string) *gomail.Dialer {
	dialer := gomail.NewDialer("mail.internal", 587, "robot", password)
	dialer.TLSConfig = &tls.Config{InsecureSkipVerify: true}
	return dialer
}

// case: safe (mail with the server's name)
func mail(password string) *gomail.Dialer {
	dialer := gomail.NewDialer("mail.internal", 587, "robot", password)
	dialer.TLSConfig = &tls.Config{ServerName: "mail.internal", MinVersion: tls.VersionTLS12}
	return dialer
}
