import java.security.SecureRandom;
import java.util.Random;

class Tokens {
    String make() {
        // ruleid: java-insecure-random-token
        int token = new Random().nextInt();
        // ruleid: java-insecure-random-token
        String resetCode = "" + Math.random();
        // ok: java-insecure-random-token
        int delay = new Random().nextInt(100);
        byte[] secret = new byte[32];
        // ok: java-insecure-random-token
        new SecureRandom().nextBytes(secret);
        return resetCode;
    }

    int makePassword(Random random) {
        // ruleid: java-insecure-random-token
        return random.nextInt();
    }
}
