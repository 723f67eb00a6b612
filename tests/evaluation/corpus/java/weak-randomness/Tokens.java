package com.northwind.tokens;

import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import javax.servlet.http.Cookie;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;
import org.apache.commons.lang3.RandomStringUtils;

public class Tokens {
    private static final String ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    private static final SecureRandom SECURE = new SecureRandom();
    private final Random random = new Random();

    // case: vulnerable
    public String sessionToken() {
        Random generator = new Random();
        byte[] token = new byte[24];
        generator.nextBytes(token);
        return Base64.getUrlEncoder().encodeToString(token);
    }

    // case: safe (secure generator)
    public String apiToken() {
        byte[] token = new byte[24];
        SECURE.nextBytes(token);
        return Base64.getUrlEncoder().encodeToString(token);
    }

    // case: vulnerable (password from Math.random)
    public String initialPassword() {
        StringBuilder password = new StringBuilder();
        while (password.length() < 12) {
            int index = (int) (Math.random() * ALPHABET.length());
            password.append(ALPHABET.charAt(index));
        }
        return password.toString();
    }

    // case: safe (the variable's type is Random, the object is not)
    public String voucher() {
        Random generator = new SecureRandom();
        StringBuilder voucher = new StringBuilder();
        for (int i = 0; i < 16; i++) {
            voucher.append(ALPHABET.charAt(generator.nextInt(ALPHABET.length())));
        }
        return voucher.toString();
    }

    // case: vulnerable (seed is known)
    public byte[] keyMaterial() throws NoSuchAlgorithmException {
        SecureRandom generator = SecureRandom.getInstance("SHA1PRNG");
        generator.setSeed(20240131L);
        byte[] key = new byte[32];
        generator.nextBytes(key);
        return key;
    }

    // case: safe (strong generator of the platform)
    public byte[] masterKey() throws NoSuchAlgorithmException {
        byte[] key = new byte[32];
        SecureRandom.getInstanceStrong().nextBytes(key);
        return key;
    }

    // case: safe (jitter of a retry, nobody gains by guessing it)
    public long backoff(int attempt) {
        long base = 100L << Math.min(attempt, 8);
        return base + random.nextInt(100);
    }

    // case: vulnerable (code that lets somebody in)
    public String oneTimeCode() {
        int code = ThreadLocalRandom.current().nextInt(100_000, 1_000_000);
        return String.valueOf(code);
    }

    // case: safe (code that lets somebody in, from a secure source)
    public String smsCode() {
        return String.format("%06d", SECURE.nextInt(1_000_000));
    }

    // case: vulnerable (value of a cookie that keeps people signed in)
    public void remember(HttpServletRequest request, HttpServletResponse response) {
        String value = Long.toHexString(new Random(System.currentTimeMillis()).nextLong());
        Cookie cookie = new Cookie("rememberMe", value);
        cookie.setSecure(true);
        cookie.setHttpOnly(true);
        request.getSession().setAttribute("rememberMe", value);
        response.addCookie(cookie);
    }

    // case: safe (UUIDs of version 4 come from a secure source)
    public String resetToken() {
        return UUID.randomUUID().toString();
    }

    // case: vulnerable (the generator that is handed in is predictable)
    public String inviteToken() {
        return RandomStringUtils.random(20, 0, 0, true, true, null, new Random());
    }

    // case: safe (the generator that is handed in is secure)
    public String shareToken() {
        return RandomStringUtils.random(20, 0, 0, true, true, null, SECURE);
    }

    // case: safe (order of pictures on a page)
    public List<String> pictures(List<String> pictures) {
        Collections.shuffle(pictures, random);
        return pictures.subList(0, Math.min(3, pictures.size()));
    }
}
