<%@ page import="java.sql.*" %>
<%@ taglib prefix="sql" uri="jakarta.tags.sql" %>
<%
  Statement statement = connection.createStatement();
// ruleid: markup-request-in-statement
  ResultSet one = statement.executeQuery("select * from users where id = " + request.getParameter("id"));
  String name = request.getParameter("name");
// ruleid: markup-request-in-statement
  ResultSet two = statement.executeQuery("select * from users where name = '" + name + "'");
// ok: markup-request-in-statement
  PreparedStatement safe = connection.prepareStatement("select * from users where name = ?");
  safe.setString(1, request.getParameter("name"));
%>
<sql:query var="rows" dataSource="${db}">
<!-- ruleid: markup-request-in-statement -->
  select * from users where id = ${param.id}
</sql:query>
<sql:query var="rows" dataSource="${db}">
  select * from users where id = ?
<!-- ok: markup-request-in-statement -->
  <sql:param value="${param.id}"/>
</sql:query>
