import javax.crypto.Cipher;

class Seal {
    void make() throws Exception {
        // ruleid: java-rsa-padding
        Cipher.getInstance("RSA/ECB/NoPadding");
        // ruleid: java-rsa-padding
        javax.crypto.Cipher.getInstance("RSA/ECB/PKCS1Padding");
        // ok: java-rsa-padding
        Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding");
    }
}
