import java.util.Properties;
import javax.crypto.*;
import javax.crypto.spec.SecretKeySpec;

class Encrypt {
    void make(Properties settings, byte[] key) throws Exception {
        // ruleid: java-weak-cipher
        Cipher.getInstance("DES/CBC/PKCS5Padding");
        // ruleid: java-weak-cipher
        Cipher.getInstance("AES");
        // ruleid: java-weak-cipher
        javax.crypto.Cipher.getInstance("AES/ECB/PKCS5Padding", "SunJCE");
        // ruleid: java-weak-cipher
        KeyGenerator.getInstance("DES");
        String algorithm = settings.getProperty("cipher", "DESede/ECB/PKCS5Padding");
        // ruleid: java-weak-cipher
        Cipher.getInstance(algorithm);
        // ok: java-weak-cipher
        Cipher.getInstance("AES/GCM/NoPadding");
        // ok: java-weak-cipher
        Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding");
        // ok: java-weak-cipher
        KeyGenerator.getInstance("AES");
        // ok: java-weak-cipher
        Cipher.getInstance("AES/CTR/NoPadding").init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"));
    }
}
