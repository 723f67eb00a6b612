package com.northwind.envelope;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.NoSuchPaddingException;
import javax.crypto.NullCipher;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.DESKeySpec;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.IvParameterSpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.security.crypto.encrypt.BytesEncryptor;
import org.springframework.security.crypto.encrypt.Encryptors;

public class EnvelopeHeld {
    enum Suite {
        OLD("Blowfish/ECB/PKCS5Padding"),
        NEW("AES/GCM/NoPadding");

        final String transformation;

        Suite(String transformation) {
            this.transformation = transformation;
        }
    }

    // case: vulnerable
    public byte[] seal(byte[] text, SecretKey key) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("DESede");
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(text);
    }

    // case: safe (GCM, key of 256 bits, fresh nonce)
    public byte[] close(byte[] text, SecretKey key, byte[] aad) throws GeneralSecurityException {
        byte[] nonce = SecureRandom.getInstanceStrong().generateSeed(12);
        Cipher cipher = Cipher.getInstance("AES_256/GCM/NoPadding");
        cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce));
        cipher.updateAAD(aad);
        return cipher.doFinal(text);
    }

    // case: vulnerable (key of 56 bits)
    public SecretKey keyOf(byte[] material) throws GeneralSecurityException {
        SecretKeyFactory factory = SecretKeyFactory.getInstance("DES");
        return factory.generateSecret(new DESKeySpec(material));
    }

    // case: safe (RSA of 3072 bits)
    public KeyPair pair() throws NoSuchAlgorithmException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(3072, new SecureRandom());
        return generator.generateKeyPair();
    }

    // case: vulnerable (names put together from parts)
    public Cipher assembled() throws NoSuchPaddingException, NoSuchAlgorithmException {
        List<String> parts = new ArrayList<>();
        parts.add("AES");
        parts.add("ECB");
        parts.add("NoPadding");
        return Cipher.getInstance(String.join("/", parts));
    }

    // case: safe (names put together from parts)
    public Cipher joined() throws NoSuchPaddingException, NoSuchAlgorithmException {
        String mode = "GCM";
        return Cipher.getInstance("AES/" + mode + "/NoPadding");
    }

    // case: vulnerable (a cipher that leaves the text as it is)
    public byte[] plain(byte[] text) throws GeneralSecurityException {
        Cipher cipher = new NullCipher();
        return cipher.doFinal(text);
    }

    // case: safe (Spring's encryptor: AES in GCM with a random vector)
    public byte[] spring(byte[] text, String password, String salt) {
        BytesEncryptor encryptor = Encryptors.stronger(password, salt);
        return encryptor.encrypt(text);
    }

    // case: vulnerable (property with a weak default)
    static class Exporter {
        @Value("${export.cipher:DES/ECB/PKCS5Padding}")
        private String transformation = "DES/ECB/PKCS5Padding";

        Cipher cipher() throws GeneralSecurityException {
            return Cipher.getInstance(transformation);
        }
    }

    // case: safe (the entry that is read is the strong one)
    public Cipher named() throws GeneralSecurityException {
        Map<String, String> names = new HashMap<>();
        names.put("import", "DES/CBC/PKCS5Padding");
        names.put("export", "AES/GCM/NoPadding");
        return Cipher.getInstance(names.get("export"));
    }

    // case: vulnerable (padding of PKCS #1 v1.5 answers questions of an attacker)
    public byte[] wrap(byte[] secret, PublicKey key) throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("RSA/ECB/PKCS1Padding");
        cipher.init(Cipher.ENCRYPT_MODE, key);
        return cipher.doFinal(secret);
    }

    // case: vulnerable (the vector is the same for every message)
    public byte[] chain(byte[] text, SecretKey key) throws GeneralSecurityException {
        byte[] vector = "0123456789abcdef".getBytes();
        Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
        cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(vector));
        return cipher.doFinal(text);
    }

    // case: safe (the strong member of an enum)
    public Cipher suite() throws GeneralSecurityException {
        return Cipher.getInstance(Suite.NEW.transformation);
    }

    // case: safe (AES key from a generator)
    public SecretKey fresh() throws NoSuchAlgorithmException {
        KeyGenerator generator = KeyGenerator.getInstance("AES");
        generator.init(128);
        return generator.generateKey();
    }
}
