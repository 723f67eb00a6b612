package com.northwind.accounts;

import com.google.common.hash.Hashing;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.Signature;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.commons.codec.digest.MessageDigestAlgorithms;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.MessageDigestPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.util.DigestUtils;

public class CredentialsHeld {
    private static final Set<String> STRONG = Set.of("SHA-256", "SHA-512");

    // case: vulnerable
    public String passwordDigest(String password) {
        return DigestUtils.md5DigestAsHex(password.getBytes(StandardCharsets.UTF_8));
    }

    // case: safe (BCrypt)
    @Configuration
    static class Encoders {
        @Bean
        PasswordEncoder encoder() {
            return new BCryptPasswordEncoder(12);
        }
    }

    // case: vulnerable (an encoder for passwords that is one round of MD5)
    @Configuration
    static class AccountEncoders {
        @Bean
        PasswordEncoder encoder() {
            return new MessageDigestPasswordEncoder("MD5");
        }
    }

    // case: safe (only strong names pass)
    public byte[] negotiate(String wanted, byte[] data) throws NoSuchAlgorithmException {
        if (!STRONG.contains(wanted)) {
            throw new NoSuchAlgorithmException(wanted);
        }
        return MessageDigest.getInstance(wanted).digest(data);
    }

    // case: vulnerable (the switch on a constant ends at the weak name)
    public byte[] sessionKeyId(byte[] key) throws NoSuchAlgorithmException {
        String level = "default";
        String name;
        switch (level) {
            case "high":
                name = "SHA-512";
                break;
            default:
                name = "MD5";
        }
        return MessageDigest.getInstance(name).digest(key);
    }

    // case: safe (the weak name is in the branch that cannot be taken)
    public byte[] deviceKeyId(byte[] key) throws NoSuchAlgorithmException {
        boolean compatible = 3 > 4;
        String name = compatible ? "MD5" : "SHA-256";
        return MessageDigest.getInstance(name).digest(key);
    }

    // case: vulnerable (Spring property, weak default)
    static class Stamps {
        @Value("${stamps.digest:MD5}")
        private String algorithm = "MD5";

        byte[] stamp(byte[] document) throws NoSuchAlgorithmException {
            return MessageDigest.getInstance(algorithm).digest(document);
        }
    }

    // case: safe (one entry of the map is weak, the other is used)
    public byte[] archive(byte[] document) throws NoSuchAlgorithmException {
        Map<String, String> algorithms = new HashMap<>();
        algorithms.put("before2010", "SHA-1");
        algorithms.put("now", "SHA3-256");
        return MessageDigest.getInstance(algorithms.get("now")).digest(document);
    }

    // case: vulnerable (Guava, an integrity check of downloads)
    @SuppressWarnings("deprecation")
    public boolean intact(byte[] download, String expected) {
        return Hashing.sha1().hashBytes(download).toString().equals(expected);
    }

    // case: safe (the weak name is only refused)
    public Signature verifier(PublicKey key, String algorithm) throws GeneralSecurityException {
        if (algorithm.equals("MD5withRSA") || algorithm.equals("SHA1withRSA")) {
            throw new GeneralSecurityException("no longer accepted");
        }
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(key);
        return signature;
    }

    // case: vulnerable (constant of commons-codec, provider named)
    public byte[] apiKeyDigest(byte[] apiKey) throws GeneralSecurityException {
        return MessageDigest.getInstance(MessageDigestAlgorithms.MD2, "SUN").digest(apiKey);
    }

    // case: safe (constant of commons-codec)
    public byte[] apiKeyHash(byte[] apiKey) throws NoSuchAlgorithmException {
        return MessageDigest.getInstance(MessageDigestAlgorithms.SHA_256).digest(apiKey);
    }
}
