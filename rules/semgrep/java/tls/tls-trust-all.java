import java.security.cert.*;
import javax.net.ssl.*;

class Trust implements X509TrustManager {
    // ruleid: java-tls-trust-all
    public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    }

    public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    }

    public X509Certificate[] getAcceptedIssuers() {
        return null;
    }

    void open(HttpsURLConnection connection, HostnameVerifier verifier) {
        // ruleid: java-tls-trust-all
        connection.setHostnameVerifier((host, session) -> true);
        // ok: java-tls-trust-all
        connection.setHostnameVerifier(verifier);
    }
}

class Names implements HostnameVerifier {
    // ruleid: java-tls-trust-all
    public boolean verify(String host, SSLSession session) {
        return true;
    }
}

class Strict implements HostnameVerifier {
    // ok: java-tls-trust-all
    public boolean verify(String host, SSLSession session) {
        return host.equals("api.example.org");
    }
}
