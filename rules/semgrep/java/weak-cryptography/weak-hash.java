import java.security.MessageDigest;
import org.apache.commons.codec.digest.DigestUtils;

class Hash {
    void hash(String text) throws Exception {
        // ruleid: java-weak-hash
        MessageDigest.getInstance("MD5");
        // ruleid: java-weak-hash
        MessageDigest.getInstance("SHA-1");
        // ruleid: java-weak-hash
        DigestUtils.md5Hex(text);
        // ok: java-weak-hash
        MessageDigest.getInstance("SHA-256");
    }
}
