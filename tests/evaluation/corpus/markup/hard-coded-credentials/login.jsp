<%@ page import="java.sql.*" %>
<!-- case: vulnerable -->
<% Connection con = DriverManager.getConnection("jdbc:mysql://db/app", "app", "Wint3rStorm"); %>
<!-- case: vulnerable -->
<input type="password" name="pw" value="Wint3rStorm">
<!-- case: safe (from settings) -->
<% Connection safe = DriverManager.getConnection(config.getUrl(), config.getUser(), config.getPassword()); %>
<!-- case: safe (empty field) -->
<input type="password" name="pw" value="">
<!-- case: safe (hint) -->
<input type="password" name="pw" placeholder="Your password">
