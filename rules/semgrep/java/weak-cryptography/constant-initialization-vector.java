import java.security.SecureRandom;
import javax.crypto.spec.IvParameterSpec;

class Vector {
    void make() {
        // ruleid: java-constant-initialization-vector
        new IvParameterSpec("0123456789abcdef".getBytes());
        // ruleid: java-constant-initialization-vector
        new IvParameterSpec(new byte[16]);
        byte[] iv = new byte[16];
        new SecureRandom().nextBytes(iv);
        // ok: java-constant-initialization-vector
        new IvParameterSpec(iv);
    }
}
