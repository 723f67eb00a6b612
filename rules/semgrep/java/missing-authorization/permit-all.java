import javax.annotation.security.PermitAll;
import javax.ws.rs.*;

class Access {
    void configure(HttpSecurity http) throws Exception {
        // ruleid: java-permit-all
        http.authorizeRequests().antMatchers("/admin/**").permitAll();
        // ok: java-permit-all
        http.authorizeRequests().antMatchers("/login", "/css/**").permitAll();
        // ok: java-permit-all
        http.authorizeRequests().anyRequest().authenticated();
        // ruleid: java-permit-all
        http.authorizeHttpRequests(requests -> requests.anyRequest().permitAll());
    }

    // ruleid: java-permit-all
    @DELETE
    @PermitAll
    public void remove(@PathParam("id") long id) {
    }

    // ok: java-permit-all
    @GET
    @PermitAll
    public String hello() {
        return "hello";
    }
}
