import java.security.SecureRandom;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import javax.servlet.http.*;

class Tokens {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz";
    private final Random dice = new Random();

    String make() {
        // ruleid: java-insecure-random-token
        int token = new Random().nextInt();
        // ruleid: java-insecure-random-token
        String resetCode = "" + Math.random();
        // ok: java-insecure-random-token
        int delay = ThreadLocalRandom.current().nextInt(100);
        byte[] secret = new byte[32];
        // ok: java-insecure-random-token
        new SecureRandom().nextBytes(secret);
        // ok: java-insecure-random-token
        int index = dice.nextInt(10);
        return resetCode;
    }

    int makePassword(Random random) {
        // ruleid: java-insecure-random-token
        return random.nextInt();
    }

    String newSessionId() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            text.append(LETTERS.charAt(dice.nextInt(LETTERS.length())));
        }
        // ruleid: java-insecure-random-token
        return text.toString();
    }

    void keep(HttpServletRequest request, HttpServletResponse response) {
        float value = new java.util.Random().nextFloat();
        String key = Float.toString(value).substring(2);
        // ruleid: java-insecure-random-token
        Cookie cookie = new Cookie("keep", key);
        // ruleid: java-insecure-random-token
        request.getSession().setAttribute("keep", key);
        double good = java.security.SecureRandom.getInstance("SHA1PRNG").nextDouble();
        // ok: java-insecure-random-token
        request.getSession().setAttribute("keep", Double.toString(good));
        Random careful = new SecureRandom();
        // ok: java-insecure-random-token
        String token = Long.toHexString(careful.nextLong());
    }
}
