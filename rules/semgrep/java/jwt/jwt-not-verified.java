import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import io.jsonwebtoken.Jwts;

class Tokens {
    void read(String token, java.security.Key key) {
        // ruleid: java-jwt-not-verified
        Jwts.parser().setSigningKey(key).parseClaimsJwt(token);
        // ruleid: java-jwt-not-verified
        JWT.create().sign(Algorithm.none());
        // ok: java-jwt-not-verified
        Jwts.parser().setSigningKey(key).parseClaimsJws(token);
    }
}
