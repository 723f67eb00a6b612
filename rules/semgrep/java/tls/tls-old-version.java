import javax.net.ssl.SSLContext;

class Context {
    void make() throws Exception {
        // ruleid: java-tls-old-version
        SSLContext.getInstance("SSL");
        // ruleid: java-tls-old-version
        SSLContext.getInstance("TLSv1.1");
        // ok: java-tls-old-version
        SSLContext.getInstance("TLSv1.3");
        // ok: java-tls-old-version
        SSLContext.getInstance("TLS");
    }
}
