// Package tlsclients makes connections to the systems of partners.
package tlsclients

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"time"
)

const verify = true

var errName = errors.New("certificate names another host")

// case: vulnerable
func partnerAlt() *http.Client {
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// case: safe (a pool of our own authority)
func partner() (*http.Client, error) {
	pem, err := os.ReadFile("/etc/partner/ca.pem")
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("no certificate")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return &http.Client{Transport: transport}, nil
}

// case: vulnerable (a field set later on the default transport)
func everywhere() {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	config.InsecureSkipVerify = true
	http.DefaultTransport.(*http.Transport).TLSClientConfig = config
}

// case: safe (the flag is the opposite of a constant that is true)
func branch() *tls.Config {
	return &tls.Config{InsecureSkipVerify: !verify, MinVersion: tls.VersionTLS13}
}

// case: vulnerable (an old version)
func mainframe(address string) (net.Conn, error) {
	return tls.Dial("tcp", address, &tls.Config{MinVersion: tls.VersionTLS10})
}

// case: safe (TLS 1.2 at least)
func warehouse(address string) (net.Conn, error) {
	return tls.Dial("tcp", address, &tls.Config{MinVersion: tls.VersionTLS12})
}

// case: vulnerable (a check that checks nothing)
func terminal() *tls.Config {
	return &tls.Config{
		InsecureSkipVerify:    true,
		VerifyPeerCertificate: func([][]byte, [][]*x509.Certificate) error { return nil },
	}
}

// case: safe (the built-in check is replaced by the same check with another name)
func behind(name string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errName
			}
			options := x509.VerifyOptions{DNSName: name, Intermediates: x509.NewCertPool()}
			for _, certificate := range state.PeerCertificates[1:] {
				options.Intermediates.AddCert(certificate)
			}
			_, err := state.PeerCertificates[0].Verify(options)
			return err
		},
	}
}

// case: vulnerable (suites that have been broken)
func printer() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA},
	}
}

// case: safe (suites of good standing)
func scanner() *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256},
	}
}
