import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import javax.crypto.spec.*;

class Vector {
    private static final String START = "0123456789abcdef";

    void make(byte[] message) {
        // ruleid: java-constant-initialization-vector
        new IvParameterSpec("0123456789abcdef".getBytes());
        // ruleid: java-constant-initialization-vector
        new IvParameterSpec(new byte[16]);
        // ruleid: java-constant-initialization-vector
        new IvParameterSpec(START.getBytes(StandardCharsets.UTF_8));
        byte[] zeros = new byte[12];
        // ruleid: java-constant-initialization-vector
        new GCMParameterSpec(128, zeros);
        byte[] iv = new byte[16];
        new SecureRandom().nextBytes(iv);
        // ok: java-constant-initialization-vector
        new IvParameterSpec(iv);
        byte[] taken = new byte[16];
        System.arraycopy(message, 0, taken, 0, 16);
        // ok: java-constant-initialization-vector
        new IvParameterSpec(taken);
    }
}
