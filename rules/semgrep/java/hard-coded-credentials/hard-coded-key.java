import com.auth0.jwt.algorithms.Algorithm;
import javax.crypto.spec.SecretKeySpec;

class Sign {
    void sign(byte[] key) {
        // ruleid: java-hard-coded-key
        new SecretKeySpec("0f1e2d3c4b5a6978".getBytes(), "AES");
        // ruleid: java-hard-coded-key
        Algorithm.HMAC256("s8d7f6g5h4j3");
        // ok: java-hard-coded-key
        new SecretKeySpec(key, "AES");
        // ok: java-hard-coded-key
        Algorithm.HMAC256(System.getenv("JWT_KEY"));
    }
}
