package com.northwind.http;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.File;
import java.security.GeneralSecurityException;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import okhttp3.CertificatePinner;
import okhttp3.OkHttpClient;
import org.apache.http.conn.ssl.NoopHostnameVerifier;
import org.apache.http.conn.ssl.TrustAllStrategy;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.ssl.SSLContextBuilder;

public class HttpFactoriesHeld {

    // case: vulnerable
    public CloseableHttpClient apache() {
        return HttpClients.custom().setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE).build();
    }

    // case: safe (the client's own checks stay on)
    public CloseableHttpClient pages() {
        return HttpClients.custom().disableRedirectHandling().build();
    }

    // case: vulnerable (trusts all)
    public SSLContext context() throws GeneralSecurityException {
        return SSLContextBuilder.create().loadTrustMaterial(null, TrustAllStrategy.INSTANCE).build();
    }

    // case: safe (a file with the authorities)
    public SSLContext authorities(File store, char[] password) throws Exception {
        return SSLContextBuilder.create().loadTrustMaterial(store, password).build();
    }

    // case: vulnerable (Netty)
    public SslContext netty() throws SSLException {
        return SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build();
    }

    // case: safe (Netty)
    public SslContext channel(File authorities) throws SSLException {
        return SslContextBuilder.forClient().trustManager(authorities).build();
    }

    // case: vulnerable (the condition is forgotten)
    public OkHttpClient okhttp() {
        return new OkHttpClient.Builder().hostnameVerifier(new Names()).build();
    }

    private static class Names implements HostnameVerifier {
        @Override
        public boolean verify(String host, SSLSession session) {
            if (host.endsWith(".northwind.example")) {
                return true;
            }
            return host != null;
        }
    }

    // case: safe (pins on top of the usual checks)
    public OkHttpClient gateway(String pin) {
        CertificatePinner pinner = new CertificatePinner.Builder().add("api.northwind.example", pin).build();
        return new OkHttpClient.Builder().certificatePinner(pinner).build();
    }
}
