package clients

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"golang.org/x/crypto/ssh"
)

func off() *http.Client {
	// ruleid: go-tls-verification-off
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
}

func later(config *tls.Config) {
	// ruleid: go-tls-verification-off
	config.InsecureSkipVerify = true
}

func shell() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User: "deploy",
		// ruleid: go-tls-verification-off
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	}
}

func on(pool *x509.CertPool) *tls.Config {
	// ok: go-tls-verification-off
	return &tls.Config{RootCAs: pool, InsecureSkipVerify: false}
}

func own(check func(tls.ConnectionState) error) *tls.Config {
	// ok: go-tls-verification-off
	return &tls.Config{InsecureSkipVerify: true, VerifyConnection: check}
}
