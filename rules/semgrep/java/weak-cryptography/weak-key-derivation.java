import java.security.SecureRandom;
import javax.crypto.spec.PBEKeySpec;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.NoOpPasswordEncoder;

class Derive {
    private static final byte[] PEPPER = "northwind".getBytes();

    void derive(char[] password) {
        byte[] salt = new byte[16];
        new SecureRandom().nextBytes(salt);
        // ruleid: java-weak-key-derivation
        new PBEKeySpec(password, salt, 1000, 256);
        // ruleid: java-weak-key-derivation
        new PBEKeySpec(password, "salt".getBytes(), 600000, 256);
        // ruleid: java-weak-key-derivation
        new PBEKeySpec(password, PEPPER, 600000, 256);
        // ruleid: java-weak-key-derivation
        new BCryptPasswordEncoder(4);
        // ruleid: java-weak-key-derivation
        NoOpPasswordEncoder.getInstance();
        // ok: java-weak-key-derivation
        new PBEKeySpec(password, salt, 600000, 256);
        // ok: java-weak-key-derivation
        new BCryptPasswordEncoder(12);
        // ok: java-weak-key-derivation
        new BCryptPasswordEncoder();
    }
}
