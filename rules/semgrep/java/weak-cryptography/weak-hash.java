import java.security.*;
import java.util.Properties;
import org.apache.commons.codec.digest.DigestUtils;

class Hash {
    private static final String ALGORITHM = "MD5";

    void hash(String text, Properties settings, boolean old) throws Exception {
        // ruleid: java-weak-hash
        MessageDigest.getInstance("MD5");
        // ruleid: java-weak-hash
        java.security.MessageDigest.getInstance("SHA-1");
        // ruleid: java-weak-hash
        DigestUtils.md5Hex(text);
        // ruleid: java-weak-hash
        MessageDigest.getInstance(ALGORITHM);
        // ruleid: java-weak-hash
        MessageDigest.getInstance(settings.getProperty("hash", "sha1"));
        // ruleid: java-weak-hash
        Signature.getInstance("SHA1withRSA");
        // ruleid: java-weak-hash
        MessageDigest.getInstance(old ? "MD5" : "SHA-256");
        // ok: java-weak-hash
        MessageDigest.getInstance("SHA-256");
        // ok: java-weak-hash
        MessageDigest.getInstance(settings.getProperty("hash", "SHA-512"));
        // ok: java-weak-hash
        Mac.getInstance("HmacSHA256");
        // ok: java-weak-hash
        DigestUtils.sha256Hex(text);
    }

    void named() throws Exception {
        // ruleid: java-weak-hash
        MessageDigest.getInstance(name());
    }

    String name() {
        return "MD5";
    }

    String etagOf(byte[] page) throws Exception {
        // ok: java-weak-hash
        return DigestUtils.md5Hex(page);
    }
}
