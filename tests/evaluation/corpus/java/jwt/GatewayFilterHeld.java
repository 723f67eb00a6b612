package com.northwind.gateway;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTVerifier;
import com.auth0.jwt.algorithms.Algorithm;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.jsonwebtoken.Jwts;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.text.ParseException;
import java.time.Instant;
import java.util.Date;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class GatewayFilterHeld {
    private final PrivateKey privateKey;
    private final PublicKey publicKey;

    public GatewayFilterHeld(PrivateKey privateKey, PublicKey publicKey) {
        this.privateKey = privateKey;
        this.publicKey = publicKey;
    }

    // case: vulnerable (claims without signature are read on purpose)
    @GetMapping("/tenant")
    public String tenant(@CookieValue String token) {
        return Jwts.parser().build().parseUnsecuredClaims(token).getPayload().get("tenant", String.class);
    }

    // case: safe (only signed claims, verified with our key)
    @GetMapping("/account")
    public String account(@CookieValue String token) {
        return Jwts.parser().verifyWith(publicKey).build().parseSignedClaims(token).getPayload().getSubject();
    }

    // case: vulnerable (whoever writes "none" into a token is believed)
    @GetMapping("/plan")
    public String plan(@RequestHeader("X-Token") String token) {
        JWTVerifier verifier = JWT.require(Algorithm.none()).build();
        return verifier.verify(token).getClaim("plan").asString();
    }

    // case: safe (a token that we sign and that ends)
    public String issue(String user) {
        Date end = Date.from(Instant.now().plusSeconds(900));
        return Jwts.builder().subject(user).expiration(end).signWith(privateKey).compact();
    }

    // case: safe (Nimbus, result of the check is obeyed)
    @GetMapping("/scopes")
    public Object scopes(@RequestHeader("X-Token") String token, JWSVerifier verifier)
            throws ParseException, JOSEException {
        SignedJWT parsed = SignedJWT.parse(token);
        if (!parsed.verify(verifier)) {
            throw new SecurityException("signature");
        }
        JWTClaimsSet claims = parsed.getJWTClaimsSet();
        return claims.getClaim("scope");
    }
}
