import java.security.MessageDigest;
import org.apache.commons.codec.digest.DigestUtils;

class Accounts {
    void store(String password, String text) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        // ruleid: java-weak-password-hash
        digest.digest(password.getBytes("UTF-8"));
        // ruleid: java-weak-password-hash
        DigestUtils.sha256Hex(password);
        // ok: java-weak-password-hash
        digest.digest(text.getBytes("UTF-8"));
        // ok: java-weak-password-hash
        new BCryptPasswordEncoder().encode(password);
    }
}
