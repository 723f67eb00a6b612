package com.northwind.tls;

import java.io.InputStream;
import java.net.URL;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Clients {

    // case: vulnerable (every certificate is fine)
    public SSLContext open() throws GeneralSecurityException {
        TrustManager[] managers = {
            new X509TrustManager() {
                @Override
                public void checkClientTrusted(X509Certificate[] chain, String type) {}

                @Override
                public void checkServerTrusted(X509Certificate[] chain, String type) {}

                @Override
                public X509Certificate[] getAcceptedIssuers() {
                    return new X509Certificate[0];
                }
            }
        };
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, managers, null);
        return context;
    }

    // case: safe (our own authority)
    public SSLContext internal(InputStream authorities, char[] password) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(authorities, password);
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        SSLContext context = SSLContext.getInstance("TLSv1.3");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    // case: vulnerable (every name is fine)
    public HttpsURLConnection call(URL url) throws Exception {
        HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
        connection.setHostnameVerifier((host, session) -> true);
        return connection;
    }

    // case: safe (stricter than the default, not laxer)
    public HttpsURLConnection partner(URL url) throws Exception {
        HostnameVerifier standard = HttpsURLConnection.getDefaultHostnameVerifier();
        HttpsURLConnection connection = (HttpsURLConnection) url.openConnection();
        connection.setHostnameVerifier(
                (host, session) -> "api.northwind.example".equals(host) && standard.verify(host, session));
        return connection;
    }

    // case: safe (looks at the issuer after the platform's manager looked at everything)
    static class IssuerManager implements X509TrustManager {
        private final X509TrustManager platform;

        IssuerManager(X509TrustManager platform) {
            this.platform = platform;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            platform.checkClientTrusted(chain, type);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            platform.checkServerTrusted(chain, type);
            if (!chain[0].getIssuerX500Principal().getName().contains("O=Northwind")) {
                throw new CertificateException("another issuer");
            }
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return platform.getAcceptedIssuers();
        }
    }

    // case: vulnerable (broken versions of the protocol are switched on)
    public void terminal(SSLSocket socket) {
        socket.setEnabledProtocols(new String[] {"SSLv3", "TLSv1"});
    }

    // case: safe (current versions of the protocol)
    public void console(SSLSocket socket) {
        socket.setEnabledProtocols(new String[] {"TLSv1.2", "TLSv1.3"});
    }
}
