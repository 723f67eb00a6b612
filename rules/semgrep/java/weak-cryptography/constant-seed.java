import java.security.SecureRandom;

class Seeds {
    void make(byte[] more) {
        SecureRandom random = new SecureRandom();
        // ruleid: java-constant-seed
        random.setSeed(12345L);
        // ruleid: java-constant-seed
        random.setSeed(System.currentTimeMillis());
        // ruleid: java-constant-seed
        SecureRandom other = new SecureRandom("fixed".getBytes());
        // ok: java-constant-seed
        SecureRandom good = new SecureRandom();
        // ok: java-constant-seed
        good.setSeed(more);
    }
}
