import java.security.SecureRandom;

class Dice {
    void roll() {
        // ruleid: java-predictable-random
        int first = new java.util.Random().nextInt(6);
        // ruleid: java-predictable-random
        double second = Math.random();
        // ok: java-predictable-random
        int third = new SecureRandom().nextInt(6);
    }
}
