import java.security.KeyPairGenerator;

class Keys {
    void make() throws Exception {
        KeyPairGenerator rsa = KeyPairGenerator.getInstance("RSA");
        // ruleid: java-short-key
        rsa.initialize(1024);
        // ok: java-short-key
        rsa.initialize(3072);
        KeyPairGenerator curve = KeyPairGenerator.getInstance("EC");
        // ok: java-short-key
        curve.initialize(256);
    }
}
