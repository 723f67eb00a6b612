package clients

import "crypto/tls"

func old() *tls.Config {
	// ruleid: go-weak-tls-version
	return &tls.Config{MinVersion: tls.VersionTLS10}
}

func suites() *tls.Config {
	// ruleid: go-weak-tls-version
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}}
}

func fresh() *tls.Config {
	// ok: go-weak-tls-version
	return &tls.Config{MinVersion: tls.VersionTLS13}
}
